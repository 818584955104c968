namespace HubshareDemo.Admin;

/// <summary>
/// Numbered test traffic as it was ordered: `Count` 0 means until stopped. Where there are metrics, the numbers go as values of these, in
/// turn, to those who have joined them.
/// </summary>
public sealed record SequenceOrder(long Count, int EveryMs, int Burst, int PaddingBytes, string Event, IReadOnlyList<string> Metrics);
