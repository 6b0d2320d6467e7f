-- By hand: the columns that matter of delayed_job_active_record 4's migration.
create table delayed_jobs (attempts int not null, queue varchar, run_at timestamp(6), locked_at timestamp(6), failed_at timestamp(6));
insert into delayed_jobs values
	(0, 'mail', minutes(0), null, null),
	(0, 'mail', minutes(-60), null, null),
	(1, 'mail', minutes(0), null, null),
	(0, 'mail', minutes(-120), minutes(-120), null),
	(0, 'mail', minutes(60), null, null),
	(1, 'mail', minutes(60), null, null),
	(25, 'mail', minutes(-120), null, minutes(-60)),
	(0, 'other', minutes(0), null, null);
