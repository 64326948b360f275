"""Constants that mien ships, fitted on labelled research pictures, each by one command."""
