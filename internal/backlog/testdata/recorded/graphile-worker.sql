create schema graphile_worker;
create table graphile_worker.jobs (task_identifier text, locked_at timestamptz, run_at timestamptz, attempts int2, max_attempts int2);
insert into graphile_worker.jobs values
	('mail', minutes(0), minutes(0), '1', '25'),
	('mail', null, minutes(-60), '0', '25'),
	('mail', null, minutes(0), '0', '25'),
	('mail', null, minutes(0), '1', '1'),
	('mail', null, minutes(0), '1', '25'),
	('mail', null, minutes(60), '0', '25'),
	('mail', null, minutes(60), '1', '25'),
	('other', null, minutes(0), '0', '25');
