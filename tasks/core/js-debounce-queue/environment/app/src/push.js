// The push service. Rejects with the status when it doesn't take a batch.

export const sender = (post) => async (key, messages) => {
  const { status } = await post("/v1/push", { topic: key, messages });
  if (status !== 200) throw new Error(`push service: ${status}`);
};
