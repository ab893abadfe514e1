"""What a server says that has no model."""

NO_MODEL = """\
**No model is configured yet.** Choose one of these ways, then reload this page:

- **A catalogue**: write a LiteLLM config file and name it in the environment variable `LITELLM_CONFIG`, or put it as
  `litellm_config.yaml` into the folder that Jupyter was started in. A minimal one:

  ```yaml
  model_list:
    - model_name: my-model
      litellm_params:
        model: openai/my-model
        api_base: https://models.example.org/v1
        api_key: os.environ/MY_MODEL_API_KEY
  ```

- **A LiteLLM proxy**: set `FREVAGPT_LITE_LLM_ADDRESS` and `FREVAGPT_OPENAI_API_KEY` before Jupyter starts.
- **The small local model**, with no key and no network (it is often wrong): run

  ```
  pip install "jupyter-frevagpt[local]"
  jupyter frevagpt local-model install
  ```
"""
