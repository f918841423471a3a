from keras_pixda.runs import PlannedPhase


def test_files_are_named_after_the_title():
    phase = PlannedPhase("warm up", 3, "mine.keras", "iou.csv", plain=False)
    assert phase.name == "warm_up"
    assert phase.state == "state/warm_up"
    assert phase.tables == ("history_warm_up.csv", "iou.csv")
