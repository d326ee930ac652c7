"""The demo: a whole site with footage that it makes itself, put in, witnessed and served like any other.

Nothing here is a short cut: accounts, intake, jobs, witness and site are those of a real installation.
"""
