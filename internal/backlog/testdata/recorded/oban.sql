-- By hand: the columns that matter of Oban's migrations up to version 12.
create type oban_job_state as enum ('available', 'scheduled', 'executing', 'retryable', 'completed', 'discarded', 'cancelled');
create table oban_jobs (state oban_job_state not null, queue text not null, scheduled_at timestamp not null);
insert into oban_jobs values
	('available', 'mail', minutes(0)),
	('scheduled', 'mail', minutes(-60)),
	('retryable', 'mail', minutes(0)),
	('executing', 'mail', minutes(-120)),
	('scheduled', 'mail', minutes(60)),
	('retryable', 'mail', minutes(60)),
	('completed', 'mail', minutes(-120)),
	('discarded', 'mail', minutes(-120)),
	('cancelled', 'mail', minutes(-120)),
	('available', 'other', minutes(0));
