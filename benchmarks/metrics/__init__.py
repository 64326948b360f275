"""Every metric beside an independent implementation: one list for the table and for the tests."""
