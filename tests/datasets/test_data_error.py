from keras_pixda.datasets import DataError, Finding


def test_shows_the_first_few_and_keeps_all():
    findings = [Finding(f"{i}.png", "is broken", "Mend it.") for i in range(7)]
    error = DataError(findings, "street: 7 broken files")
    assert error.findings == tuple(findings)
    text = str(error)
    assert text.startswith("street: 7 broken files\n  0.png: is broken. Mend it.")
    assert "4.png" in text
    assert "5.png" not in text
    assert text.endswith("... and 2 more")


def test_one_finding_is_one_line():
    assert str(DataError([Finding("a.png", "is broken", "Mend it.")])) == (
        "a.png: is broken. Mend it."
    )
    assert issubclass(DataError, ValueError)
