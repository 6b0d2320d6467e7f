create schema pgboss;
create table pgboss.job (name text, state text, start_after timestamptz);
insert into pgboss.job values
	('mail', 'active', minutes(0)),
	('mail', 'created', minutes(-60)),
	('mail', 'created', minutes(0)),
	('mail', 'created', minutes(60)),
	('mail', 'failed', minutes(0)),
	('mail', 'retry', minutes(0)),
	('mail', 'retry', minutes(60)),
	('other', 'created', minutes(0));
