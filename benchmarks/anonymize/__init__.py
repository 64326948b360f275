"""Who is recognised through what covers a face: attacks on anonymised LFW pictures."""
