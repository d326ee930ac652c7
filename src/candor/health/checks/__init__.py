"""The checks, by what they look at. Each is one function from a place to a finding; None: nothing to look at yet."""
