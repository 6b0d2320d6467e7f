-- By hand: the columns that matter of Solid Queue 1's migration.
create table solid_queue_jobs (id bigint primary key, queue_name varchar not null, finished_at timestamp(6));
create table solid_queue_ready_executions (job_id bigint, queue_name varchar not null, created_at timestamp(6) not null);
create table solid_queue_scheduled_executions (job_id bigint, queue_name varchar not null, scheduled_at timestamp(6) not null);
create table solid_queue_claimed_executions (job_id bigint, process_id bigint, created_at timestamp(6) not null);
create table solid_queue_blocked_executions (job_id bigint, queue_name varchar not null, created_at timestamp(6) not null);
create table solid_queue_failed_executions (job_id bigint, created_at timestamp(6) not null);
insert into solid_queue_jobs select n, case n when 6 then 'other' else 'mail' end from generate_series(1, 9) n;
insert into solid_queue_ready_executions values (1, 'mail', minutes(0)), (2, 'mail', minutes(0)), (6, 'other', minutes(0));
insert into solid_queue_scheduled_executions values (3, 'mail', minutes(-60)), (4, 'mail', minutes(60)), (5, 'mail', minutes(60));
insert into solid_queue_claimed_executions values (7, 1, minutes(-120));
insert into solid_queue_blocked_executions values (8, 'mail', minutes(-120));
insert into solid_queue_failed_executions values (9, minutes(-120));
