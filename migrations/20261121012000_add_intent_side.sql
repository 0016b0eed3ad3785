-- On which side the intended write is to arrive: a two-way sync writes to both, and a record may change its direction while
-- an earlier write's fate is unknown.
ALTER TABLE records
    ADD COLUMN intent_side text,
    ADD CONSTRAINT records_intent_side_check CHECK (intent_side IN ('source', 'destination'));
