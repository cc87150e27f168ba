// What travels between the playground and its kernel, as types. No code.

/** @typedef {import("../model/types.js").Bytes} Bytes */

/** @typedef {{id: string, mime: string, data: Bytes, width: number, height: number}} Shot */

/** @typedef {"reference" | "plain" | "steered"} Which */

/**
 * The share of the reference at every place.
 * @typedef {object} ShareMap
 * @property {number | null} level  null: the mean over all
 * @property {number | null} part
 * @property {number} rows
 * @property {number} columns
 * @property {number} weight  of the reference's keys
 * @property {Bytes} data  float32, row by row
 */

/**
 * @typedef {object} Lens
 * @property {boolean} [dislike]
 * @property {{tokens: number, layers: number}[]} [levels]  the finest first; none if nothing was lent
 * @property {[number, number][]} [parts]  first and last step of each, from 1
 * @property {ShareMap[]} [maps]
 */

/**
 * @typedef {object} Setting
 * @property {string} prompt
 * @property {number} seed
 * @property {string} reference_prompt
 * @property {number} reference_seed
 * @property {number} weight
 * @property {number} start
 * @property {number} end
 * @property {number} bottleneck_scale
 * @property {boolean} dislike
 * @property {number | null} steps
 * @property {"all" | "fine" | "coarse" | "first" | "middle" | "last"} layers  that lend
 * @property {"all" | "subject" | "background" | "box"} part  of the reference
 * @property {number} box_left  as fractions of the width and the height
 * @property {number} box_top
 * @property {number} box_right
 * @property {number} box_bottom
 */

/** A share: its value, and the ends of its interval. @typedef {[value: number, low: number, high: number]} Estimate */

/**
 * What came over from the reference.
 * @typedef {object} Carried
 * @property {number | null} [color]  how much nearer to the reference; null: it was there already
 * @property {number | null} [form]
 * @property {{name: string, reference: string, plain: string, steered: string}[]} [read]  attributes, of the demo model
 * @property {{layers: string, steps: string, color: Estimate, form: Estimate}[]} [measured]  of this pipeline, before
 * @property {string} [command]  that measures it
 */

/**
 * @typedef {Setting & {
 *   reference_name: string, status: import("../model/types.js").Status, pictures: Partial<Record<Which, Shot>>,
 *   lens: Lens, carried: Carried, info: import("../model/types.js").Info,
 * }} Traits
 */

/** @typedef {import("@anywidget/types").AnyModel<Traits>} Model */

/**
 * Where in the reference every place looked: rows and columns are those of the reference; of each place, the greatest is 255.
 * @typedef {{rows: number, columns: number, data: Bytes}} Looks
 */

/** A place of the picture, as fractions of its width and height. @typedef {{x: number, y: number}} Place */

/** Which map is shown: -1 is the mean over all. @typedef {{level: number, part: number}} Choice */

/**
 * Everything that the parts show.
 * @typedef {object} ViewState
 * @property {Traits} traits
 * @property {import("../model/types.js").Status} status
 * @property {import("../model/types.js").Phase} phase
 * @property {boolean} busy
 * @property {boolean} closed
 * @property {import("../model/types.js").Connection} connection
 * @property {Choice} choice
 * @property {ShareMap | null} map
 * @property {Float32Array | null} shares
 * @property {[number, number]} ends  the least and the greatest share
 * @property {ReturnType<typeof import("../model/gate.js").looksAt> | null} seen  where the place looked in the reference
 * @property {Place} place
 * @property {boolean} heat
 */

/**
 * What a part can ask for.
 * @typedef {object} Act
 * @property {(values: Partial<Setting>, soon?: boolean) => void} set  soon: more may follow at once
 * @property {() => void} run
 * @property {() => void} cancel
 * @property {(files: Iterable<File>) => void} upload
 * @property {() => void} forget
 * @property {(choice: Partial<Choice>) => void} choose
 * @property {(place: Place, tell: boolean) => void} point  tell: say it to screen readers
 * @property {(heat: boolean) => void} showHeat
 * @property {() => void} dismissFailure
 * @property {(id: number | null) => void} dismissNotice
 */

export {};
