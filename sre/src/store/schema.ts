/**
 * What each version of the schema adds to the one before. A version that has been released is never changed. Times are milliseconds
 * since 1970; columns called `data`, `labels` or `annotations` are JSON.
 */
export const SCHEMA = [
  `
  -- one row: tells a copy of this database from another one
  CREATE TABLE identity (id TEXT NOT NULL) STRICT;
  INSERT INTO identity VALUES (lower(hex(randomblob(16))));

  CREATE TABLE incidents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    severity INTEGER NOT NULL CHECK (severity BETWEEN 1 AND 4),
    status TEXT NOT NULL CHECK (status IN ('investigating', 'identified', 'monitoring', 'resolved')),
    services TEXT NOT NULL,          -- JSON array
    commander TEXT,
    cause TEXT,                      -- the group of alerts that made it; null: a person did
    begun_at INTEGER NOT NULL,       -- when it began to hurt: injected, observed or given
    begun_by TEXT NOT NULL,          -- what says so: 'fault', 'experiment', 'alert', 'person'
    detected_at INTEGER NOT NULL,    -- the first alert, or when it was written down
    acknowledged_at INTEGER,
    mitigated_at INTEGER,
    resolved_at INTEGER,
    proposed_resolution_at INTEGER   -- all of its alerts have resolved
  ) STRICT;

  -- the services of each incident once more, to find the incidents of a service
  CREATE TABLE incident_services (
    service TEXT NOT NULL,
    incident INTEGER NOT NULL REFERENCES incidents,
    PRIMARY KEY (service, incident)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER services_of_new_incident AFTER INSERT ON incidents BEGIN
    INSERT OR IGNORE INTO incident_services SELECT value, NEW.number FROM json_each(NEW.services);
  END;
  CREATE TRIGGER services_of_changed_incident AFTER UPDATE OF services ON incidents BEGIN
    DELETE FROM incident_services WHERE incident = NEW.number
      AND service IN (SELECT value FROM json_each(OLD.services)) AND service NOT IN (SELECT value FROM json_each(NEW.services));
    INSERT OR IGNORE INTO incident_services SELECT value, NEW.number FROM json_each(NEW.services);
  END;

  CREATE TABLE alerts (
    fingerprint TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    received_at INTEGER NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    source TEXT NOT NULL,            -- 'webhook', 'alertmanager' or 'prometheus': who told of it
    group_key TEXT NOT NULL,         -- Alertmanager's; '': another one told of it
    alertname TEXT NOT NULL GENERATED ALWAYS AS (coalesce(labels ->> '$.alertname', '')) STORED,
    slo TEXT NOT NULL GENERATED ALWAYS AS (coalesce(labels ->> '$.slo', '')) STORED,
    service TEXT NOT NULL GENERATED ALWAYS AS (coalesce(labels ->> '$.service', '')) STORED,
    incident INTEGER NOT NULL REFERENCES incidents,
    PRIMARY KEY (fingerprint, starts_at)
  ) STRICT;
  CREATE INDEX alerts_of_incident ON alerts (incident, starts_at);
  CREATE INDEX alerts_of_group ON alerts (group_key, incident);
  CREATE INDEX alerts_of_names ON alerts (alertname, slo, service, incident);
  CREATE INDEX alerts_firing ON alerts (starts_at) WHERE ends_at IS NULL;
  -- until when alerts that did not arrive have been looked for; one row
  CREATE TABLE watched (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    until_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE updates (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL REFERENCES incidents,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,              -- 'note', 'status', 'severity', 'commander', 'alert', 'runbook', 'proposal'
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    data TEXT
  ) STRICT;
  CREATE INDEX updates_of_incident ON updates (incident, at);

  CREATE TABLE actions (
    id INTEGER PRIMARY KEY,
    incident INTEGER NOT NULL REFERENCES incidents,
    text TEXT NOT NULL,
    owner TEXT NOT NULL CHECK (owner <> ''),
    due_at INTEGER NOT NULL,
    priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    created_at INTEGER NOT NULL,
    done_at INTEGER
  ) STRICT;

  CREATE TABLE runbook_runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    incident INTEGER REFERENCES incidents,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,                    -- 'completed', 'failed', 'stopped'; null: it runs, or was killed
    reason TEXT,                     -- why it did not complete
    mode TEXT NOT NULL,              -- 'automatic' or 'by hand'
    system TEXT NOT NULL,            -- 'compose' or 'cluster'
    pid INTEGER NOT NULL             -- the process that runs it
  ) STRICT;
  CREATE TABLE runbook_steps (
    run INTEGER NOT NULL REFERENCES runbook_runs,
    number INTEGER NOT NULL,
    part TEXT NOT NULL,              -- of the page, such as 'How to look'
    about TEXT,                      -- the cause or the fix
    changes INTEGER NOT NULL,        -- 1: it changes the system, 0: it only looks
    script TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    exit_code INTEGER,
    outcome TEXT,                    -- 'passed', 'failed', 'timed out', 'no program', 'stopped', 'skipped', 'by hand'
    output TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, number)
  ) STRICT;

  CREATE TABLE experiments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    hypothesis TEXT NOT NULL,
    stamped_at INTEGER NOT NULL,     -- before anything is injected
    started_at INTEGER,
    ended_at INTEGER,
    outcome TEXT,                    -- 'held', 'broken', 'refused', 'aborted', 'interrupted'; null: it runs
    score REAL,
    data TEXT NOT NULL               -- the experiment as it was read, its probes and what they found
  ) STRICT;
  -- written before each injection and removed after its rollback: what a killed runner leaves behind is undone from here
  CREATE TABLE injections (
    id INTEGER PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES experiments,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    injected_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    rolled_back_at INTEGER
  ) STRICT;

  -- at most one changing runbook or experiment at a time for each system
  CREATE TABLE locks (
    system TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    pid INTEGER NOT NULL,
    taken_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE overrides (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    data TEXT NOT NULL               -- what the gate said
  ) STRICT;

  CREATE TABLE toil (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    task TEXT NOT NULL,
    minutes REAL NOT NULL,
    author TEXT NOT NULL,
    data TEXT
  ) STRICT;

  -- evidence of readiness that no metric has: a rehearsed rollback, a measured knee, a verified restore
  CREATE TABLE evidence (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  `,
]
