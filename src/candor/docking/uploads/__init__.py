"""Uploads that can be resumed: durable as they come, never in the clear, evidence only once they are sealed."""

from __future__ import annotations
