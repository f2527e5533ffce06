"""Parts of one's own, one file each; `settings.DEBUGPANEL` names them beside the built-in ones."""
