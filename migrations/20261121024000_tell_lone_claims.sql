-- A worker that dies over a hundred records says little about each of them; over one alone, much.
ALTER TABLE records
    -- Its worker died over it and others: it is claimed alone from now on.
    ADD COLUMN suspect boolean NOT NULL DEFAULT false,
    ADD COLUMN claimed_alone boolean NOT NULL DEFAULT false;
