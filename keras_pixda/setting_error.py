"""What is wrong with a setting."""


class SettingError(ValueError):
    """An error that knows the setting it is about.

    Example:

    ```python
    from keras_pixda.setting_error import SettingError

    error = SettingError("shots is 0, expected at least 1.", "shots")
    assert str(error) == "shots is 0, expected at least 1."
    assert error.name == "shots"
    ```

    Args:
        message: What is wrong.
        name: The setting.
    """

    def __init__(self, message: str, name: str):
        super().__init__(message, name)
        self.name = name

    def __str__(self):
        return self.args[0]
