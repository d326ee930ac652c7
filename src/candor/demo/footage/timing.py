"""Rates that picture and sound share."""

RATE = 32_000
"""Sound samples a second."""

SPEED_OF_SOUND = 343.0
"""Metres a second: why a voice reaches one camera later than another."""
