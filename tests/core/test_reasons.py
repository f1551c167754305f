"""Reasons for leaving: LV1 and LV2."""

from sessions.core.reasons import LeaveReason, is_drop


def test_lv2_only_what_nobody_chose_is_a_drop() -> None:
    drops = {reason for reason in LeaveReason if is_drop(reason)}
    assert drops == {LeaveReason.LOST, LeaveReason.SERVER, LeaveReason.MOVED}


def test_lv1_reasons_fit_their_column() -> None:
    assert max(len(reason) for reason in LeaveReason) <= 16
