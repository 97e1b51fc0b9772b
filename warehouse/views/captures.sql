-- Grain: one row a response or file, as kept in the archive.
create or replace view captures as
select
    capture_id, source, url, fetched_at, status, outcome, digest, media_type, etag, last_modified, size, warc_file,
    warc_offset
from core.captures;

comment on view captures is 'Every response and file, unparsed in the WARC archive.';
comment on column captures.capture_id is 'Id of the capture.';
comment on column captures.source is 'The source.';
comment on column captures.url is 'Address that was asked for; file:… for a file.';
comment on column captures.fetched_at is 'When, UTC.';
comment on column captures.status is 'HTTP status; 304 where the server confirmed an earlier capture, 200 for a file.';
comment on column captures.outcome is 'parsed, confirmed (says what an earlier capture said), failed.';
comment on column captures.digest is 'sha256 of the decoded body.';
comment on column captures.media_type is 'Content-Type as sent.';
comment on column captures.etag is 'ETag as sent.';
comment on column captures.last_modified is 'Last-Modified as sent.';
comment on column captures.size is 'Bytes of the decoded body.';
comment on column captures.warc_file is 'File in the archive folder.';
comment on column captures.warc_offset is 'Byte offset of the record in that file.';
