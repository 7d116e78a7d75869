"""One file per revision; the newest names the layout this version of Escalon works with."""
