"""The words of the subject: variants, values, protocols and errors; the standard library and msgspec only."""
