"""Row mappers: what a view's facts need that SQL cannot say, as pure functions of one row."""
