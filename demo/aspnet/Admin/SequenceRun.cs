namespace HubshareDemo.Admin;

/// <summary>The numbers that a sequence will send; without an end when it runs until it is stopped.</summary>
public sealed record SequenceRun(long From, long? To);
