create table river_job (queue text, state text, scheduled_at timestamptz);
insert into river_job values
	('mail', 'available', minutes(-60)),
	('mail', 'available', minutes(0)),
	('mail', 'available', minutes(0)),
	('mail', 'discarded', minutes(0)),
	('mail', 'pending', minutes(0)),
	('mail', 'retryable', minutes(60)),
	('mail', 'running', minutes(0)),
	('mail', 'scheduled', minutes(60)),
	('other', 'available', minutes(0));
