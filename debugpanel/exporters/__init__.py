"""Where traces and rollups go, one file each."""
