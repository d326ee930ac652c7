"""The texts that the redaction editor's scripts say; {…} is filled in by them."""

from __future__ import annotations

from candor.web.i18n import gettext as _

__all__ = ["editor_words"]


def editor_words() -> dict[str, str]:
    """By the names that the scripts know them by, in the reader's language."""
    return {**_state_words(), **_act_words(), **_track_words(), **_help_words(), **_sound_words(), **_review_words()}


def _state_words() -> dict[str, str]:
    return {
        "saved": _("Saved"),
        "waiting": _("Not saved yet"),
        "saving": _("Saving …"),
        "failed": _("Not saved yet; changes that wait: {count}."),
        "refused": _("Not saved."),
        "trying": _("It is tried again."),
        "offline": _("The site cannot be reached."),
        "lost": _("Somebody changed the same in the meantime, so this could not be kept: {what}"),
        "taken": _("{who} is at work on this. You are looking on."),
        "takenHere": _("You have this open in another window. Here you are looking on."),
        "tookOver": _("You are at work on this now."),
        "notLoaded": _("The redaction could not be loaded. Reload the page."),
        "noParts": _(
            "There is nothing to work on here yet: its pictures are not counted, or no viewing copy is there. "
            "The redaction's page says how far that is."
        ),
        "broken": _("The recording could not be loaded. Reload the page."),
        "notPossible": _("That cannot be done."),
        "place": _("{time}, picture {frame}"),
        "play": _("Play"),
        "pause": _("Pause"),
        "undo": _("Undo"),
        "redo": _("Redo"),
        "partNamed": _("Part {number}: {name}"),
        "previewOn": _("This is how the copy will look."),
        "previewOff": _("Boxes are shown again."),
    }


def _act_words() -> dict[str, str]:
    """What the history calls what somebody did."""
    return {
        "moved": _("Moved"),
        "resized": _("Resized"),
        "trimmed": _("Begin or end changed"),
        "drawn": _("Drawn: {kind}"),
        "keyPut": _("Place set at this picture"),
        "keyDropped": _("Place at this picture taken out"),
        "hidden": _("Hidden: {count}"),
        "shownAll": _("Shown: {count}"),
        "dropped": _("Taken away: {count}"),
        "merged": _("Made one of {count}"),
        "split": _("Split in two"),
        "notMerged": _("Choose two or more of the same shape to make them one."),
        "notSplit": _("There is nothing to split at this picture."),
        "grouped": _("One person: {count}"),
        "followed": _("Followed: {name}"),
        "kindChanged": _("Kind changed: {count}"),
        "styleChanged": _("Way of hiding changed"),
        "exemptionChanged": _("Exemption changed: {count}"),
        "labelChanged": _("Name changed"),
        "kept": _("Kept hidden: {name}"),
        "shown": _("Shown: {name}"),
        "silenced": _("Sound hidden, {from} to {until}"),
        "spanChanged": _("Stretch of sound changed"),
        "spanDropped": _("Stretch of sound taken away"),
        "mode-on": _("Only what is chosen to be seen is shown"),
        "mode-off": _("Everything is shown but what is hidden"),
        "overlay-on": _("What the camera wrote into the picture is hidden"),
        "overlay-off": _("What the camera wrote into the picture is shown"),
        "mute-all-on": _("All sound taken out"),
        "mute-all-off": _("Sound kept"),
    }


def _track_words() -> dict[str, str]:
    return {
        "chosen": _("Chosen: {name}"),
        "several": _("{count} chosen"),
        "trackCount": _("{count} in the list"),
        "isShown": _("shown"),
        "isUncertain": _("uncertain"),
        "hideIt": _("Hide"),
        "showIt": _("Show"),
        "byModel": _("Found by {model}, {score} %"),
        "byHand": _("Drawn by hand"),
        "byFollowing": _("Drawn by hand, followed by motion"),
        "noExemption": _("No exemption named"),
        "ownWords": _("Own words …"),
        "tool-box": _("Draw a box, or press Enter for one in the middle."),
        "tool-ellipse": _("Draw an ellipse, or press Enter for one in the middle."),
        "overlayPlaces": _("Places: {count}"),
        "overlayNeeds": _("Choose a box where the camera writes first."),
        "overlaySet": _("Place of the camera's words set"),
        "overlayForgotten": _("Places of the camera's words forgotten"),
        "tool-polygon": _("Set corner after corner; a double click closes the shape."),
    }


def _help_words() -> dict[str, str]:
    """What the server was asked for, and how it ended."""
    return {
        "following": _("It is being followed …"),
        "searching": _("The same person is looked for in this recording …"),
        "nobodyElse": _("Nothing else in this recording looks like the same person."),
        "followed-until": _("Followed. Press again to go on from here."),
        "followed-end": _("Followed to the end of the recording."),
        "followed-edge": _("Followed until it left the picture."),
        "followed-cut": _("Followed up to where the scene changes."),
        "followed-lost": _("Followed until it could not be told from what is around it. Look at the last pictures."),
    }


def _sound_words() -> dict[str, str]:
    return {
        "mute": _("Mute"),
        "bleep": _("Bleep"),
        "distort": _("Distort"),
        "muteFrom": _("Mute from here"),
        "muteUntil": _("Mute up to here"),
        "muteSeconds": _("Mute {seconds} s"),
        "muteThis": _("Mute “{what}”, {seconds} seconds"),
        "wordsMore": _("{count} more words are not shown here. Mute them on the timeline."),
        "soundBegun": _("A stretch of sound begins at {at}. Go to its end and press again."),
        "styleOf": _("How {what} is hidden"),
        "exemptionOf": _("Exemption of {what}"),
        "dropSpan": _("Do not hide {what}"),
    }


def _review_words() -> dict[str, str]:
    return {
        "reviewing": _("{name}: {doubts}. Y keeps it hidden, N shows it."),
        "plain": _("plain"),
        "reviewDone": _("Everything uncertain was looked at."),
        "reviewDoneAll": _("Everything was looked at."),
        "reviewPassed": _("{count} passed by and not looked at. The next one leads through them again."),
        "reviewed": _("{done} of {sum} uncertain looked at"),
        "reviewedAll": _("{done} of {sum} looked at"),
        "watched": _("{share} % of {length} watched"),
    }
