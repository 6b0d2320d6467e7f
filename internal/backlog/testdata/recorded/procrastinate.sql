create table procrastinate_jobs (id int8, queue_name varchar, status text, scheduled_at timestamptz);
insert into procrastinate_jobs values
	('1', 'mail', 'failed', null),
	('2', 'mail', 'todo', minutes(60)),
	('3', 'mail', 'todo', minutes(0)),
	('4', 'mail', 'doing', null),
	('5', 'mail', 'todo', null),
	('6', 'mail', 'todo', minutes(-60)),
	('7', 'mail', 'todo', minutes(60)),
	('8', 'other', 'todo', null);
create table procrastinate_events (job_id int8, type text, at timestamptz);
insert into procrastinate_events values
	('1', 'deferred', minutes(0)),
	('1', 'failed', minutes(0)),
	('1', 'started', minutes(0)),
	('2', 'deferred', minutes(0)),
	('2', 'deferred_for_retry', minutes(0)),
	('2', 'scheduled', minutes(60)),
	('2', 'started', minutes(0)),
	('3', 'deferred', minutes(0)),
	('3', 'deferred_for_retry', minutes(0)),
	('3', 'scheduled', minutes(0)),
	('3', 'started', minutes(0)),
	('4', 'deferred', minutes(0)),
	('4', 'started', minutes(0)),
	('5', 'deferred', minutes(0)),
	('6', 'deferred', minutes(0)),
	('6', 'scheduled', minutes(-60)),
	('7', 'deferred', minutes(0)),
	('7', 'scheduled', minutes(60)),
	('8', 'deferred', minutes(0));
