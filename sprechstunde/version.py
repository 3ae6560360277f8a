"""The version of the software; releases change it together with CHANGELOG.md."""

VERSION = "0.1.0"
