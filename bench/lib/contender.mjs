/** The process of one contender; see `isolated.mjs`. */
const [module, name, context] = process.argv.slice(2);
const { contenders } = await import(module);
const measures = await contenders[name](JSON.parse(context));

process.on('message', async ({ measure, args }) => process.send(await measures[measure](...args)));
process.on('disconnect', () => process.exit());
process.send(Object.keys(measures));
