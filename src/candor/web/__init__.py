"""The pages that staff work with: a server of HTML, with plain scripts where a page needs them.

Rules it keeps:

1. Every route says who may use it (`access.page`); what says nothing cannot be reached. Whoever is not signed in
   sees the sign-in page, the static files, the log's public files and `/healthz`, nothing else.
2. Every answer, also a failed one, carries the security headers; no page has a script or a style in it.
3. An unsafe request needs the session's token and must come from the site itself, also before signing in.
4. Every text goes through the translation catalogue; what people typed is marked `translate="no"`.
5. A page works without its script wherever that can be; the script makes it quicker.
6. A page opens the transaction, calls one service, and shows the outcome. No rule is decided here.
"""
