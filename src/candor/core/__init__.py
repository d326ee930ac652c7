"""What every room stands on: identifiers, time, settings, errors, the database.

Rules it keeps:

1. It knows no domain: nothing here mentions a recording, a person or a law.
2. Time is aware UTC and comes from a `Clock` that is handed in, so that a test can set it.
3. A transaction is opened by a face or a job, never by a service (`Database.write`).
4. Untrusted bytes are parsed only in a separate, limited process (`core.limited`).
"""
