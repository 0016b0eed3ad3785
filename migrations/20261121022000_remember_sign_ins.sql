-- Before a sign-in is sent, the slot remembers until when the vendor may count a session that nobody knows: the worker may
-- die, or the answer may be lost, before the session is stored. Empty again once it is certain what came of it.
ALTER TABLE leases ADD COLUMN unknown_until timestamptz;
