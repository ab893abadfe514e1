/** The shapes of the wire: what the chatbot routes send and take. */

import type { ISentChip } from './chips';
import type { IRequestHint } from './requests';
import type { IApprovalHint, IChangesHint } from './review';
import type { ISent, ISite } from './wishes';

/** What a run in a kernel is doing, and how it ended. */
export const RUN_STATES = [
  'starting',
  'held',
  'waiting',
  'running',
  'done',
  'failed',
  'stopped',
  'aborted',
  'lost',
  'refused'
] as const;

export type RunState = (typeof RUN_STATES)[number];

/** The tokens and the time that a turn took. */
export interface IUsage {
  prompt_tokens?: number;
  completion_tokens?: number;
  seconds?: number;
  sent?: ISent;
}

/** The content of a ServerHint: one key names its kind. */
export interface IHint {
  thread_id?: string;
  running?: boolean;
  topic?: string;
  question?: string;
  model?: string;
  context?: { chips: ISentChip[] };
  memory?: number;
  image?: { id: string };
  run?: { id: string; state: RunState; kernel_id?: string; reason?: string };
  output?: { id: string; text: string };
  progress?: { id: string; text: string };
  notice?: { text: string; imported?: boolean; codes?: string[] };
  usage?: IUsage;
  approval?: IApprovalHint;
  changes?: IChangesHint;
  request?: IRequestHint;
}

/** One output of a run, as nbformat 4 has it; a PNG may be a pointer to an Image. */
export interface IDisplay {
  output_type: string;
  name?: string;
  text?: string | string[];
  data?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  [key: string]: unknown;
}

interface IText<V extends string> {
  variant: V;
  content: string;
}

interface IIdText<V extends string> extends IText<V> {
  id: string;
}

export interface IUser extends IText<'User'> {
  model?: string;
  kernel_id?: string;
  context?: ISentChip[];
}

/** What the user thinks of an item; anything else counts as nothing. */
interface IRated {
  feedback?: string;
}

export type IAssistant = IText<'Assistant'> & IRated;
export type ICode = IIdText<'Code'> & IRated;

export interface ICodeOutput extends IIdText<'CodeOutput'> {
  display?: IDisplay[];
}

export type IImage = IIdText<'Image'>;

export interface IToolCall extends IIdText<'ToolCall'> {
  tool_name: string;
}

export interface IToolOutput extends IIdText<'ToolOutput'> {
  tool_name: string;
  /** Where text from outside is from. */
  source?: string;
  /** The same as the text, for cards that show more; one key names its kind. Whatever it holds may be anything. */
  data?: Record<string, unknown>;
}

export interface IServerHint {
  variant: 'ServerHint';
  content: IHint;
}

export type IServerError = IText<'ServerError'>;
export type IOpenAIError = IText<'OpenAIError'>;

export interface ICodeError {
  variant: 'CodeError';
  content: string[] | string;
}

export type IStreamEnd = IText<'StreamEnd'>;

/** One item of a conversation, whole or a piece of it. */
export type Variant =
  | IUser
  | IAssistant
  | ICode
  | ICodeOutput
  | IImage
  | IToolCall
  | IToolOutput
  | IServerHint
  | IServerError
  | IOpenAIError
  | ICodeError
  | IStreamEnd;

/** A model that can be asked; `note` is a warning to show beside its name. */
export interface IModel {
  name: string;
  note?: string;
  vision?: boolean;
  tools?: boolean;
  /** Where it is asked; empty for one inside the server. */
  host?: string;
  /** What is sent to it stays on this machine. */
  local?: boolean;
  /** Dollars a token. */
  input_cost?: number | null;
  output_cost?: number | null;
}

/** The answer of `settings`. */
export interface ISettings {
  models: IModel[];
  default: string | null;
  advice: string;
  site?: ISite;
}

/** A thread in the list of threads. */
export interface IThread {
  thread_id: string;
  date: string;
  topic: string;
  running?: boolean;
}

const KNOWN = new Set<unknown>([
  'User',
  'Assistant',
  'Code',
  'CodeOutput',
  'Image',
  'ToolCall',
  'ToolOutput',
  'ServerHint',
  'ServerError',
  'OpenAIError',
  'CodeError',
  'StreamEnd'
]);

/**
 * Return the variant that a value decoded from JSON is.
 *
 * Anything else becomes a hint without a kind: it shows nothing, but still counts as a line.
 */
export function toVariant(value: unknown): Variant {
  const nothing: IServerHint = { variant: 'ServerHint', content: {} };
  if (typeof value !== 'object' || value === null) {
    return nothing;
  }
  const { variant, content } = value as Record<string, unknown>;
  if (!KNOWN.has(variant)) {
    return nothing;
  }
  const wellFormed =
    variant === 'ServerHint'
      ? typeof content === 'object' && content !== null && !Array.isArray(content)
      : variant === 'CodeError' || typeof content === 'string';
  return wellFormed ? (value as Variant) : nothing;
}
