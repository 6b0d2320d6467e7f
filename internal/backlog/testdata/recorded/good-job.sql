-- By hand: the columns that matter of GoodJob 4's migration.
create table good_jobs (queue_name text, scheduled_at timestamp(6), performed_at timestamp(6), finished_at timestamp(6), error text,
	created_at timestamp(6) not null);
insert into good_jobs values
	('mail', minutes(0), null, null, null, minutes(0)),
	('mail', minutes(-60), null, null, null, minutes(-90)),
	('mail', minutes(0), null, null, 'RuntimeError: again', minutes(-90)),
	('mail', minutes(-120), minutes(-120), null, null, minutes(-120)),
	('mail', minutes(60), null, null, null, minutes(0)),
	('mail', minutes(60), null, null, 'RuntimeError: later', minutes(-90)),
	('mail', minutes(-120), minutes(-120), minutes(-120), 'RuntimeError: broken', minutes(-120)),
	('other', null, null, null, null, minutes(0));
