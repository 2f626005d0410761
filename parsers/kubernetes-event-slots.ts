/** Where an event of a known shape has what is read of it: the slots of its shape (src/read/json-shapes.ts). */
export const PATHS = [
  ['reason'],
  ['message'],
  ['note'],
  ['type'],
  ['metadata', 'namespace'],
  ['source', 'component'],
  ['source', 'host'],
  ['reportingComponent'],
  ['reportingController'],
  ['reportingInstance'],
  ['involvedObject', 'kind'],
  ['involvedObject', 'namespace'],
  ['involvedObject', 'name'],
  ['involvedObject', 'uid'],
  ['involvedObject', 'fieldPath'],
  ['metadata', 'uid'],
  ['metadata', 'creationTimestamp'],
  ['firstTimestamp'],
  ['lastTimestamp'],
  ['eventTime'],
  ['series', 'lastObservedTime'],
  ['count'],
  ['series', 'count'],
] as const
export const [REASON, MESSAGE, NOTE, TYPE, NAMESPACE, COMPONENT, HOST, REPORTING, CONTROLLER, INSTANCE] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
export const [ABOUT_KIND, ABOUT_NAMESPACE, ABOUT_NAME, ABOUT_UID, ABOUT_PATH] = [10, 11, 12, 13, 14]
export const [UID, CREATED, FIRST, LAST, EVENT_TIME, LAST_OBSERVED, COUNT, SERIES_COUNT] = [15, 16, 17, 18, 19, 20, 21, 22]
/** The slots before this one make the subject. */
export const SUBJECT_SLOTS = 15
