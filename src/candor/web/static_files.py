"""Files that anybody may read: the site's own, and the custody log's public ones (`candor.pages.static_files`)."""

from __future__ import annotations

from candor.pages.static_files import LogFiles, SiteFiles

__all__ = ["LogFiles", "SiteFiles"]
