namespace HubshareDemo.Admin;

/// <summary>Numbered test traffic as it was ordered: `Count` 0 means until stopped.</summary>
public sealed record SequenceOrder(long Count, int EveryMs, int Burst, int PaddingBytes, string Event);
