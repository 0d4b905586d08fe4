"""The region editor: a component of our own to correct words on a photo."""

from annotation.editor.editor import RegionEditor

__all__ = ["RegionEditor"]
