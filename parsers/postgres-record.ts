/** What one record of a Postgres server log says, whichever of its formats (stderr, csvlog, jsonlog) it was written in. */
import type { Stamp } from '../src/model/extract.js'

/** The severities of elog.h that the server log shows, in its order. */
export type Severity = 'DEBUG' | 'LOG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR' | 'FATAL' | 'PANIC'
/** Lines of the stderr format that belong to the record before them. */
export type Piece = 'DETAIL' | 'HINT' | 'STATEMENT' | 'CONTEXT' | 'QUERY' | 'LOCATION' | 'BACKTRACE'

/** Who was connected; '' where it is not known. */
export interface Session {
  readonly user: string
  readonly database: string
  readonly application: string
}

export const NOBODY: Session = { user: '', database: '', application: '' }

export interface PostgresRecord extends Session {
  readonly at: Stamp
  readonly line: number
  readonly severity: Severity
  /** '' where the log does not carry it. */
  readonly sqlstate: string
  /** 0 where the log does not carry it. */
  readonly pid: number
  readonly message: string
  readonly detail: string
  /** What the session was at; '' where the record itself does not tell. */
  readonly statement: string
  /** The record as evidence. */
  readonly text: string
}

/**
 * Severities in the languages of the server's message catalogues (src/backend/po: de, es, fr, it, pt_BR, pl, sv, ru), beside English.
 * The messages themselves are then translated too: those records speak by their SQLSTATE.
 */
const WORDS: Readonly<Record<Severity | Piece, string>> = {
  DEBUG: 'DEBUG DEBUG1 DEBUG2 DEBUG3 DEBUG4 DEBUG5 ОТЛАДКА',
  LOG: 'LOG JOURNAL REGISTRO DZIENNIK LOGG СООБЩЕНИЕ',
  INFO: 'INFO INFORMACIÓN INFORMAÇÃO INFORMACJA ИНФОРМАЦИЯ',
  NOTICE: 'NOTICE HINWEIS NOTA NOTIFICA NOTIS UWAGA ЗАМЕЧАНИЕ',
  WARNING: 'WARNING WARNUNG ATTENTION ADVERTENCIA ATTENZIONE AVISO OSTRZEŻENIE VARNING ПРЕДУПРЕЖДЕНИЕ',
  ERROR: 'ERROR FEHLER ERREUR ERRORE ERRO BŁĄD FEL ОШИБКА',
  FATAL: 'FATAL FATALE KATASTROFALNY FATALT ВАЖНО',
  PANIC: 'PANIC PANIK PANIQUE PÁNICO PÂNICO PANICO PANIKA ПАНИКА',
  DETAIL: 'DETAIL DÉTAIL DETALLE DETTAGLI DETALHE SZCZEGÓŁY DETALJ ПОДРОБНОСТИ',
  HINT: 'HINT TIPP ASTUCE SUGERENCIA SUGGERIMENTO DICA PODPOWIEDŹ TIPS ПОДСКАЗКА',
  STATEMENT: 'STATEMENT ANWEISUNG INSTRUCTION SENTENCIA ISTRUZIONE COMANDO WYRAŻENIE SATS ОПЕРАТОР',
  CONTEXT: 'CONTEXT ZUSAMMENHANG CONTEXTE CONTEXTO CONTESTO KONTEKST KONTEXT КОНТЕКСТ',
  QUERY: 'QUERY ANFRAGE REQUÊTE CONSULTA QUERY ZAPYTANIE FRÅGA ЗАПРОС',
  LOCATION: 'LOCATION ORT EMPLACEMENT UBICACIÓN POSIZIONE LOCALIZAÇÃO POZYCJA PLATS ПОЛОЖЕНИЕ',
  BACKTRACE: 'BACKTRACE',
}

const MEANING: ReadonlyMap<string, Severity | Piece> = new Map(
  // The keys of a record of known keys are those keys.
  (Object.keys(WORDS) as (keyof typeof WORDS)[]).flatMap((meaning) => WORDS[meaning].split(' ').map((word): [string, Severity | Piece] => [word, meaning])),
)

/** The meaning of a severity word as written; undefined where it is none. */
export const severityOf = (word: string): Severity | Piece | undefined => MEANING.get(word)

const PIECES: ReadonlySet<string> = new Set<Piece>(['DETAIL', 'HINT', 'STATEMENT', 'CONTEXT', 'QUERY', 'LOCATION', 'BACKTRACE'])
export const isPiece = (word: Severity | Piece): word is Piece => PIECES.has(word)

/** A field as the server writes it: '[unknown]' is written before a session has said who it is. */
export const known = (field: string): string => (field === '[unknown]' ? '' : field)
