/** Words for the names of RandomPet. */
export const adjectives = (
  "able agile amber azure bold brave bright brisk calm clear clever cosmic crisp daring deep eager early equal exact " +
  "fair fast fine fleet fond free fresh gentle glad golden grand happy humble ideal jolly keen kind known lively loyal " +
  "lucky mellow merry mighty modest neat noble novel open patient plain polite prime proud pure quick quiet rapid ready " +
  "rich smart solid steady still stout sunny sure swift tidy true valid vast vivid warm wise witty young"
).split(" ");

export const names = (
  "albatross badger bat bear beaver bee bison buzzard camel cat condor corgi coyote crane crow deer dingo dolphin dove " +
  "duck eagle egret elk falcon ferret finch fox gecko gibbon goose grebe gull hare hawk heron ibis jackal jay kestrel " +
  "kite koala lark lemur lion llama lynx magpie marten mole moose newt ocelot orca osprey otter owl panda penguin puffin " +
  "quail raven robin salmon seal shrike stork swan swift tern tiger toad trout viper vulture weasel whale wolf wren yak"
).split(" ");
