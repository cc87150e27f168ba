// What travels between kernel and front end, as types. No code.

/** @typedef {DataView | Uint8Array | ArrayBuffer} Bytes */

/** @typedef {"idle" | "loading" | "running" | "stopping" | "ready" | "error"} Phase */

/** @typedef {{title: string, message: string, advice: string, traceback: string, retry?: boolean}} Failure  retry: it can be tried again */

/**
 * Where sessions save themselves (none: ""), and one of this notebook that can be continued.
 * @typedef {{folder?: string, offer?: Offer | null}} Saving
 * @typedef {{name: string, rounds: number, votes: number, prompt: string, when: string, note: string, thumbs: Bytes[], left?: boolean}} Offer  left: the one that the widget had before it opened another
 */

/** @typedef {{name: string, waits: boolean, enough: boolean}} Bake  a taste that is learnt; waits: a round is made before it; enough: what is learnt so far can be kept */

/** @typedef {{id: string, name: string, strength: number}} Taste  one that the next round follows */

/**
 * @typedef {object} Status
 * @property {number} revision
 * @property {Phase} phase
 * @property {string} message
 * @property {number} job
 * @property {number} step
 * @property {number} steps
 * @property {number | null} eta
 * @property {number | null} rate
 * @property {number} count
 * @property {number} width
 * @property {number} height
 * @property {string} again
 * @property {string} look  the picture that is looked at, or was last
 * @property {Bake | null} [bake]
 * @property {boolean} pending
 * @property {Failure | null} error
 * @property {{id: number, text: string} | null} notice
 * @property {"" | "vote" | "round" | "branch" | "star" | "lora"} undo
 * @property {"" | "vote" | "round" | "branch" | "star" | "lora"} redo
 */

/** @typedef {Record<string, number>} Votes  strengths by what is voted on: a picture's id, and after colons what of it counts */

/** @typedef {{rows: number, columns: number, runs: number[]}} PartRuns  cells over a picture, row by row: how many are outside the part, then inside, then outside … */

/** @typedef {{id: string, seed: number, tries?: string, sources?: string[]}} Picture  tries: what it tries in words, with names of pictures in braces; sources: those pictures */

/** @typedef {Picture & {mime: string, width: number, height: number, data: Bytes}} RoundImage */

/**
 * @typedef {object} Round
 * @property {number} index
 * @property {Kind} kind
 * @property {string} prompt
 * @property {number} seed
 * @property {Votes} votes
 * @property {Record<string, number>} contributions  how much of the attention went to each reference, 0 … 1
 * @property {number} width
 * @property {number} height
 * @property {RoundImage[]} images
 */

/** @typedef {Picture & {thumb: Bytes | null}} PastImage */

/**
 * @typedef {object} PastRound
 * @property {Kind} kind
 * @property {number} index
 * @property {number | null} parent
 * @property {string} prompt
 * @property {string} negative_prompt
 * @property {number} seed
 * @property {number} liked
 * @property {number} disliked
 * @property {Record<string, number>} contributions
 * @property {number} width
 * @property {number} height
 * @property {PastImage[]} images
 */

/** @typedef {{id: string, name: string, thumb: Bytes | null, width: number, height: number}} Upload */

/** @typedef {{strength: number, start: number, end: number, dislike_scale: number, normalize: boolean}} FeedbackSettings */

/** @typedef {{name: string, builtin: boolean, note: string, values: FeedbackSettings}} Preset */

/**
 * @typedef {object} Info
 * @property {string} title
 * @property {boolean} loaded
 * @property {string} device
 * @property {{steps: number | null, guidance: number | null, width: number | null, height: number | null}} defaults
 * @property {number} size_step
 * @property {number | null} variety  of the plan; null: it has none
 * @property {boolean} [subjects]  false: votes on the subject or the background cannot work
 * @property {boolean} negative
 * @property {Record<string, [number, number, number]>} ranges
 * @property {string} version
 */

/**
 * @typedef {object} Controls
 * @property {string} prompt
 * @property {string} negative_prompt
 * @property {number} num_images
 * @property {number} seed
 * @property {boolean} lock_seed
 * @property {number | null} steps
 * @property {number | null} guidance
 * @property {number | null} width
 * @property {number | null} height
 * @property {number} strength
 * @property {number} start
 * @property {number} end
 * @property {number} dislike_scale
 * @property {boolean} normalize
 * @property {number | null} variety  null: the plan's own
 * @property {boolean} auto
 */

/**
 * @typedef {Controls & {
 *   votes: Votes, seen_round: number, status: Status, round: Round | null,
 *   history: PastRound[], starred: string[], parts: Record<string, PartRuns>, tastes: Taste[], uploads: Upload[], presets: Preset[], info: Info, saving: Saving,
 * }} Traits
 */

/** @typedef {import("@anywidget/types").AnyModel<Traits>} Model */

/** @typedef {"" | "part" | "compare"} ZoomMode  what is done with the picture in full: a part is marked, it is compared with another */

/** @typedef {"round" | "drafts" | "finished" | "enlarged"} Kind */

/** @typedef {{index: number, kind: Kind, prompt: string, width: number, height: number, images: Picture[], contributions: Record<string, number>}} Shown */

/** @typedef {"liked" | "disliked"} Side */

/**
 * What the lens saw of a picture. With it come maps of shares, each a buffer: for all levels together
 * and then for each level, in each of these for all parts together and then for each part. A buffer
 * holds a map for each side (what stayed with the picture's own keys), then one for each reference:
 * rows × columns numbers of two bytes, the lesser byte first, 65535 for a share of 1.
 * @typedef {object} LensFacts
 * @property {number} steps  of the run
 * @property {{id: string, strength: number, contribution: number}[]} references  strength: disliked below 0; contribution: the mean share, 0 … 1
 * @property {[first: number, last: number][]} parts  ranges of steps, from 1
 * @property {{rows: number, columns: number, places: [number, number]}[]} levels  the finest first; places: rows and columns of its layers
 * @property {Side[]} sides  those that lent anything
 */

/**
 * Where in a reference every place looked, for one level and one part: the answer to `look_at`. Its
 * buffer holds, for each place, rows × columns bytes; 255 is where that place looked most.
 * @typedef {{rows: number, columns: number}} LensLooks
 */

/** @typedef {{level: number | null, part: number | null}} Selection  null: all together */

/** @typedef {"live" | "waiting" | "closed"} Connection */

/** @typedef {(content: Record<string, unknown>, buffers?: ArrayBuffer[]) => Promise<{message: Record<string, any>, buffers: Bytes[]} | null>} Request  null: it was refused, and people know why */

/** @typedef {{id: number, text: string, made?: string}} Notice  made: an upload that says what it was made from */

/** @typedef {{job: number, pictures: Map<number, {key: string, bytes: Bytes, mime: string, done: boolean}>}} Previews */

/**
 * What only this view knows.
 * @typedef {object} Local
 * @property {number | null} pinned  index of the round that the person looks at; null follows the newest
 * @property {boolean} arrived  a round came while the person looked at another
 * @property {Connection} connection
 * @property {Notice[]} notices
 * @property {string} dismissed  the failure that was dismissed here
 * @property {Set<number>} hidden  the kernel's notices that were dismissed here
 * @property {Previews} previews
 * @property {Map<string, import("./parts.js").Mask | null>} subjects  where subjects are; null: the kernel was asked
 * @property {{id: string, why: string} | null} peek  the reason that is pointed at
 * @property {string} hint  the picture under which reasons are explained, or ""
 */

/**
 * Everything that the parts show, read anew for every update.
 * @typedef {object} ViewState
 * @property {Traits} traits
 * @property {Phase} phase
 * @property {Status} status
 * @property {boolean} busy  a job is under way
 * @property {boolean} closed
 * @property {Connection} connection
 * @property {Shown | null} shown  the finished round to show, also behind a forming one
 * @property {{count: number, width: number, height: number, number: number} | null} forming  the round being made, if it is shown
 * @property {boolean} making  a round is being made, shown or not
 * @property {number} coming  the number (from 1) of the round that is being made
 * @property {Local} local
 */

/**
 * What a part can ask for.
 * @typedef {object} Act
 * @property {(values: Partial<Traits>) => void} set
 * @property {(name: string, strength: number) => void} vote  by the vote's name
 * @property {(id: string, strength: number) => void} rate  all votes on a picture
 * @property {(id: string, ...whys: string[]) => void} because
 * @property {(id: string, part: PartRuns, sign: 1 | -1) => Promise<unknown>} part  fails with the kernel's words
 * @property {(id: string, why: string) => void} peek  show what a reason is about, if that is known; "": no more
 * @property {() => void} wait  votes should wait for more of them
 * @property {(id: string) => void} like
 * @property {(id: string) => void} dislike
 * @property {(id: string) => void} only
 * @property {() => void} clear
 * @property {(id: string) => void} star  or no longer
 * @property {() => void} generate
 * @property {() => void} draft
 * @property {(name: string) => Promise<unknown>} bake  learn the taste of the votes; null: it was refused
 * @property {(content: Record<string, unknown>) => void} saveFile  what the kernel answers, as a file
 * @property {() => void} cancel
 * @property {(which: "undo" | "redo") => void} travel
 * @property {(index: number) => void} branch
 * @property {(id: string) => void} moreLike  ask for a round about one picture
 * @property {(id: string) => void} again
 * @property {(id: string) => void} finish
 * @property {(id: string) => void} enlarge
 * @property {(index: number | null) => void} look
 * @property {(id: string) => void} download
 * @property {(id: string) => void} lens
 * @property {(images: {id: string, label: string, seed: number | null}[], at: number, back?: (at: number) => void, mode?: ZoomMode) => void} zoom
 * @property {() => void} help
 * @property {(files: Iterable<File>) => void} upload
 * @property {(name: string, values: FeedbackSettings) => void} savePreset
 * @property {(name: string) => void} deletePreset
 * @property {(name: string) => void} resume
 * @property {() => void} anew
 * @property {() => void} retry
 * @property {() => void} dismissFailure
 * @property {(id: number | null) => void} dismissNotice
 * @property {(text: string) => void} notice
 * @property {(name: string) => void} useSettings  take over what an upload was made from
 */

/**
 * @template P
 * @typedef {{el: HTMLElement, update: (props: P) => void}} Part
 */

export {};
