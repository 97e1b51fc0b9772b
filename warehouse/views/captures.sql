-- Grain: one row a response or file, as kept in the archive.
create or replace view captures as
select
    c.capture_id, c.source, c.url, c.fetched_at, c.status, t.outcome, c.digest, c.media_type, c.etag, c.last_modified, c.size,
    c.warc_file, c.warc_offset, c.run_id
from core.captures c join mart.capture_times t using (capture_id);

comment on view captures is 'Every response and file, unparsed in the WARC archive.';
comment on column captures.capture_id is 'Id of the capture.';
comment on column captures.source is 'The source.';
comment on column captures.url is 'Address that was asked for; file:… for a file.';
comment on column captures.fetched_at is 'When, UTC.';
comment on column captures.status is 'HTTP status; 304 where the server confirmed an earlier capture, 200 for a file.';
comment on column captures.outcome is 'parsed, partly (a part of it could not be read: view failures), confirmed (says what the capture before it said), failed, index (only followed).';
comment on column captures.digest is 'sha256 of the decoded body.';
comment on column captures.media_type is 'Content-Type as sent.';
comment on column captures.etag is 'ETag as sent.';
comment on column captures.last_modified is 'Last-Modified as sent.';
comment on column captures.size is 'Bytes of the decoded body; 0 where the archive held these bytes already.';
comment on column captures.warc_file is 'File in the archive folder.';
comment on column captures.warc_offset is 'Byte offset of the record in that file.';
comment on column captures.run_id is 'The run that put it into the archive; NULL where the archive does not say.';
