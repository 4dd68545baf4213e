"""What is measured of a text, in compiled passes over UTF-8."""
