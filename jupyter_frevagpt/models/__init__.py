"""The models that can be asked: the catalogue, the direct OpenAI protocol, LiteLLM's SDK, and stand-ins for tests."""
