"""The pages: access first, one service call, one render."""
